<?php
$CONFIG = [
	'memcache.distributed' => \OC\Memcache\Memcached::class,
	'memcached_servers' => [
		['localhost', 11211],
	],
	'memcached_options' => [
		-1004 => 3000, // set timeouts to 50 ms ..
	],
];
