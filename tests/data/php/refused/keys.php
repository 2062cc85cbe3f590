<?php
$CONFIG = array (
  'installed' => true,
  PREFIX . 'host' => 'a.example',
  ...$more,
  "overwrite\x68ost" => 'b.example',
);
