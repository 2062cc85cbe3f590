<?php
$CONFIG = array(
  'trusted_proxies' => array(0 => '192.0.2.1', 1.5 => '192.0.2.2'),
);
