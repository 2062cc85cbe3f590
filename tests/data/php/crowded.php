<?php
// $CONFIG = array ('overwritehost' => 'in.a.comment');
$CONFIG = array(
  /* 'trusted_proxies' => array('192.0.2.1'), */
  'trusted_proxies' => ['192.0.2.1', # 'overwriteprotocol' => 'http',
    // '192.0.2.2',
    "192.0.2.3" /* the old balancer */ ],
  'overwrite.cli.url' => 'https://cloud.nextcloud.example', 'overwriteprotocol' => 'https',
  'description' => 'overwritehost => "x", // not a comment',
  'overwritehost' /* => 'no' */ => /* 'none' */ 'old.nextcloud.example' // 'trusted_proxies' => []
);
