<?php
/*
 * 'overwritehost' => 'in.a.comment',
 */
$password = getenv('DB_PASSWORD');
$CONFIG = [
    // 'overwriteprotocol' => 'http',
    'dbpassword' => $password,
    "trusted_domains" => ['cloud.nextcloud.example', 'www.nextcloud.example'],
    # 'trusted_proxies' => ['10.0.0.1'],
    'apps' => function () { return ['overwritehost' => 1]; },
    'loglevel' => 2 /* the last one */
    // to be continued
];
?>
