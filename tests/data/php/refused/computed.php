<?php
$CONFIG = [
  'trusted_proxies' => explode(',', getenv('TRUSTED_PROXIES')),
  'overwriteprotocol' => "$protocol",
  'overwritehost' => 'cloud' . '.nextcloud.example',
];
