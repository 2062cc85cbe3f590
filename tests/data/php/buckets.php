<?php
$CONFIG = array (
  'objectstore_multibucket' => 
  array (
    'class' => '\\OC\\Files\\ObjectStore\\S3',
    'arguments' => 
    array (
      'num_buckets' => 64,
      'bucket' => 'nextcloud_',
      'key' => 'not-a-real-key',
      'secret' => 'not-a-real-secret',
      'region' => 'eu-central-1',
      'use_path_style' => false,
    ),
  ),
  'trusted_proxies' => ['172.31.0.0/16'],
  'overwriteprotocol' => 'https',
  'overwritehost' => 'cloud.nextcloud.example',
);
