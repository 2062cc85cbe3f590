<?php
declare(strict_types=1);
define('NC_PREFIX', 'oc_');
function secret_of(string $name): string
{
    return (string) getenv($name);
}
$CONFIG = [
    'dbtableprefix' => NC_PREFIX,
    'dbpassword' => secret_of('DB_PASSWORD'),
    'on_login' => static fn (string $user): bool => $user !== '',
    'trusted_proxies' => [],
];
