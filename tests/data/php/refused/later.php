<?php
$CONFIG = array (
  'installed' => true,
);
if (getenv('OVERWRITE_HOST')) {
  $CONFIG['overwritehost'] = getenv('OVERWRITE_HOST');
}
$GLOBALS['CONFIG']['overwriteprotocol'] = 'http';
