<?php
$CONFIG = array (
  'memcache.local' => '\\OC\\Memcache\\APCu',
  'memcache.distributed' => '\\OC\\Memcache\\Redis',
  'memcache.locking' => '\\OC\\Memcache\\Redis',
  'redis' => array('host' => '/run/redis/redis.sock', 'port' => 0, 'timeout' => 0.0, 'password' => 'not-a-real-password'),
  'filelocking.enabled' => 'true',
);
