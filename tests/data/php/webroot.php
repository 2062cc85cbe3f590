<?php
$CONFIG = array (
  'overwritewebroot' => '/nextcloud',
  'overwrite.cli.url' => 'https://www.nextcloud.example/nextcloud',
  'htaccess.RewriteBase' => '/nextcloud',
);
