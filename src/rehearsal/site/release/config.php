<?php
$CONFIG = array (
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
);
