<?php
$CONFIG = array (
  'overwritecondaddr' => '^10\\.0\\.0\\.1$',
  'trusted_proxies' => 
  array (
    0 => '10.0.0.1',
    7 => '10.0.0.2',
  ),
  'overwriteprotocol' => 'http', // until the balancer is there
  'overwritehost' =>
  array (
  ),
);
