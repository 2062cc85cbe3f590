<?php
// What every page of the stand-in shares: config.php and its drop-ins, whom the site trusts, and the address
// it believes it has. The rules are Nextcloud's own for trusted_domains, trusted_proxies and overwrite*.
require __DIR__ . '/../config/config.php';
foreach (glob(__DIR__ . '/../config/*.config.php') ?: [] as $drop_in) {
    require $drop_in;
}

/** Says which node answered. */
function site_identify(): void {
    header('X-Lab-Node: ' . gethostname());
}

function address_in(string $address, string $range): bool {
    if (!str_contains($range, '/')) {
        return $address === $range;
    }
    [$network, $bits] = explode('/', $range);
    $mask = (int) $bits === 0 ? 0 : (~0 << (32 - (int) $bits));
    return (ip2long($address) & $mask) === (ip2long($network) & $mask);
}

function site_trusts_proxy(): bool {
    global $CONFIG;
    foreach ($CONFIG['trusted_proxies'] ?? [] as $range) {
        if (address_in($_SERVER['REMOTE_ADDR'] ?? '', $range)) {
            return true;
        }
    }
    return false;
}

function site_host(): string {
    global $CONFIG;
    if (($CONFIG['overwritehost'] ?? '') !== '') {
        return $CONFIG['overwritehost'];
    }
    if (site_trusts_proxy() && !empty($_SERVER['HTTP_X_FORWARDED_HOST'])) {
        return trim(explode(',', $_SERVER['HTTP_X_FORWARDED_HOST'])[0]);
    }
    return $_SERVER['HTTP_HOST'] ?? '';
}

/** Every host name is trusted once overwritehost is set; else only the listed ones (and the machine itself). */
function site_trusts_host(): bool {
    global $CONFIG;
    if (($CONFIG['overwritehost'] ?? '') !== '') {
        return true;
    }
    $name = preg_replace('/:\d+$/', '', site_host());
    return in_array($name, $CONFIG['trusted_domains'] ?? [], true) || in_array($name, ['localhost', '127.0.0.1', '[::1]'], true);
}

function site_protocol(): string {
    global $CONFIG;
    if (($CONFIG['overwriteprotocol'] ?? '') !== '') {
        return $CONFIG['overwriteprotocol'];
    }
    if (site_trusts_proxy() && !empty($_SERVER['HTTP_X_FORWARDED_PROTO'])) {
        return strtolower(trim(explode(',', $_SERVER['HTTP_X_FORWARDED_PROTO'])[0])) === 'https' ? 'https' : 'http';
    }
    return in_array($_SERVER['HTTPS'] ?? '', ['', 'off'], true) ? 'http' : 'https';
}

function site_base_url(): string {
    return site_protocol() . '://' . site_host();
}
