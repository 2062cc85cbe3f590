<?php
$CONFIG = array (
  'trusted_proxies' => 
  array (
    0 => '10.0.2.2',
    1 => '172.17.0.7',
  ),
  'overwritehost' => 'cloud.nextcloud.example:6106',
  'overwriteprotocol' => 'https',
  //'overwritecondaddr' => '^(172|10)\.[0-9]+\.[0-9]+\.[0-9]+$', 
  'allow_local_remote_servers' => true,
  'mail_smtpauth' => 1,
);
