<?php
$CONFIG = array(
	"dbhost"	=> "localhost",
	"memcache.local" => "\\OC\\Memcache\\APCu",
	"redis"	=> array(
		"host" => "localhost",
	),
	"theme" => "");
