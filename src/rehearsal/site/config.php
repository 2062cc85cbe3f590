<?php
$CONFIG = array (
  'instanceid' => 'oclab0rehear',
  'passwordsalt' => '{{passwordsalt}}',
  'secret' => '{{secret}}',
  'trusted_domains' => 
  array (
    0 => '{{fqdn}}',
  ),
  'datadirectory' => '{{root}}/data',
  'objectstore' => 
  array (
    'class' => '\\OC\\Files\\ObjectStore\\S3',
    'arguments' => 
    array (
      'bucket' => '{{bucket}}',
      'autocreate' => false,
      'key' => '{{store_key}}',
      'secret' => '{{store_secret}}',
      'hostname' => '{{store_host}}',
      'port' => {{store_port}},
      'use_ssl' => false,
      'region' => '{{region}}',
      'use_path_style' => true,
    ),
  ),
  'dbtype' => 'mysql',
  'version' => '17.0.2.1',
  'overwrite.cli.url' => 'https://{{fqdn}}',
  'dbname' => '{{dbname}}',
  'dbhost' => '{{dbhost}}',
  'dbport' => '',
  'dbtableprefix' => 'oc_',
  'mysql.utf8mb4' => true,
  'dbuser' => '{{dbuser}}',
  'dbpassword' => '{{dbpassword}}',
  'installed' => true,
  'memcache.local' => '\\OC\\Memcache\\APCu',
  'memcache.distributed' => '\\OC\\Memcache\\Redis',
  'memcache.locking' => '\\OC\\Memcache\\Redis',
  'redis' => 
  array (
    'host' => 'redis.nextcloud.example',
    'port' => 6379,
  ),
  'maintenance' => false,
  'loglevel' => 2,
);
