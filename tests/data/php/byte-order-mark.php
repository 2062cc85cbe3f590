<?php
$CONFIG = array (
  'installed' => true,
  'overwriteprotocol' => 'http'
);
