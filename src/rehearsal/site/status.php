<?php
// The stand-in's status.php: the answer a balancer's health check and Nextcloud's clients read. It answers 200 in
// maintenance mode and before an upgrade too, and says so (status.php); an unknown host is 400 (lib/base.php, init).
require __DIR__ . '/lib/site.php';
header('Content-Type: application/json');
site_identify();
if (!site_trusts_host()) {
    http_response_code(400);
    echo '{"error": "Trusted domain error.", "code": 15}';
    exit;
}
echo json_encode([
    'installed' => !empty($CONFIG['installed']),
    'maintenance' => site_in_maintenance(),
    'needsDbUpgrade' => site_needs_upgrade(),
    'version' => SITE_VERSION,
    'versionstring' => implode('.', array_slice(explode('.', SITE_VERSION), 0, 3)),
    'edition' => '',
    'productname' => 'Nextcloud',
    'extendedSupport' => false,
]);
