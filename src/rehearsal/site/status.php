<?php
// The stand-in's status.php: the answer a balancer's health check and Nextcloud's clients read.
require __DIR__ . '/lib/site.php';
header('Content-Type: application/json');
site_identify();
if (!site_trusts_host()) {
    http_response_code(400);
    echo '{"error":"Trusted domain error.","code":15}';
    exit;
}
echo json_encode([
    'installed' => true,
    'maintenance' => !empty($CONFIG['maintenance']),
    'needsDbUpgrade' => false,
    'version' => $CONFIG['version'] ?? '0',
    'versionstring' => implode('.', array_slice(explode('.', $CONFIG['version'] ?? '0'), 0, 3)),
    'edition' => '',
    'productname' => 'Nextcloud',
    'extendedSupport' => false,
]);
