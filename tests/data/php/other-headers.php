<?php
$CONFIG = array (
  'trusted_domains' =>
  array (
    0 => 'cloud.nextcloud.example',
  ),
  'forwarded_for_headers' =>
  array (
    0 => 'HTTP_X_FORWARDED',
    1 => 'HTTP_FORWARDED_FOR',
  ),
  'overwriteprotocol' => 'https',
  'forcessl' => true,
);
