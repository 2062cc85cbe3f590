<?php
$CONFIG = array (
  'trusted_proxies'   => '10.42.0.0/16',
  'overwriteprotocol' => 'https',
);
