<?php
$CONFIG = array(
  'trusted_proxies' => array(
    0 => '192.0.2.1',
    "1" => '192.0.2.2',
    '01' => '192.0.2.3',
  ),
  'trusted_domains' => array('0' => 'cloud.nextcloud.example'),
);
