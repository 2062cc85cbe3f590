<?php
$CONFIG = array (
  'overwritehost' => 'a.example',
  'trusted_proxies' => '10.0.0.1',
  "overwritehost" => 'b.example',
);
