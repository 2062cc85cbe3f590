<?php
$CONFIG = array (
  'passwordsalt' => 'not-a-real-salt',
  'secret' => 'a \\ and \' and " and $HOME and ü and <?php and ?> and // and # and /* and */',
  'trusted_domains' => 
  array (
    0 => 'localhost',
    1 => 'cloud.nextcloud.example',
    3 => '*.nextcloud.example',
  ),
  'datadirectory' => '/srv/data',
  'dbtype' => 'mysql',
  'version' => '29.0.6.1',
  'overwrite.cli.url' => 'https://cloud.nextcloud.example',
  'instanceid' => 'oc0000000001',
  'quota_limit' => 104857600.5,
  'maintenance' => false,
  'theme' => NULL,
  'loglevel' => 2,
  'app.mail.transport' => 
  array (
  ),
  'trusted_proxies' => 
  array (
    0 => '192.0.2.7',
    4 => '2001:db8::7',
  ),
  'overwritehost' => 'old.nextcloud.example',
  'apps_paths' => 
  array (
    0 => 
    array (
      'path' => '/var/www/nextcloud/apps',
      'url' => '/apps',
      'writable' => false,
    ),
  ),
);
