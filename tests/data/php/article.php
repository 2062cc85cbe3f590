<?php
$CONFIG = array (
  'instanceid' => 'ocexample0001',
  'passwordsalt' => 'not-a-real-salt',
  'secret' => 'not-a-real-secret',
  'trusted_domains' => 
  array (
    0 => 'cloud.nextcloud.example',
  ),
  'datadirectory' => '/var/www/html/nextcloud/data',
  'dbtype' => 'mysql',
  'version' => '17.0.2.1',
  'overwrite.cli.url' => 'https://cloud.nextcloud.example',
  'dbname' => 'nextcloud',
  'dbhost' => 'nextcloud.abcdefghijkl.eu-central-1.rds.amazonaws.com',
  'dbport' => '',
  'dbtableprefix' => 'oc_',
  'mysql.utf8mb4' => true,
  'dbuser' => 'nextcloud',
  'dbpassword' => 'it\'s not a real \\ password',
  'installed' => true,
  'objectstore' => 
  array (
    'class' => '\\OC\\Files\\ObjectStore\\S3',
    'arguments' => 
    array (
      'bucket' => 'nextcloud-example',
      'autocreate' => false,
      'use_ssl' => true,
    ),
  ),
);
