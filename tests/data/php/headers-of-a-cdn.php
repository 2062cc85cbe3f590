<?php
$CONFIG = [
  'trusted_proxies' => ['127.0.0.1', '::1'], // the tunnel's end
  'forwarded_for_headers' => ['HTTP_CF_CONNECTING_IP', 'HTTP_X_FORWARDED_FOR'],
];
