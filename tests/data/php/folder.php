<?php
$CONFIG = array(
    'datadirectory' => __DIR__ . '/../data',
    'logfile' => dirname(__FILE__, 2) . '/nextcloud.log',
    'apps_paths' => array(
        array('path' => OC::$SERVERROOT . '/apps', 'url' => '/apps', 'writable' => false),
        array('path' => OC::$configDir . '../custom_apps', 'url' => '/custom_apps', 'writable' => true),
    ),
    'has_config' => is_file(__FILE__) && in_array(basename(__FILE__), scandir(__DIR__), true),
);
