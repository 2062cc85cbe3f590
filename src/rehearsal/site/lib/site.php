<?php
// What every page of the stand-in shares: config.php and its drop-ins, whom the site trusts, and the address
// it believes it has. The rules are Nextcloud's own; each names the file of Nextcloud's server it is from.
require __DIR__ . '/../config/config.php';
// lib/private/Config.php, readData: a file's settings are laid over what was read before, key by key.
$read = $CONFIG;
foreach (glob(__DIR__ . '/../config/*.config.php') ?: [] as $drop_in) {
    unset($CONFIG);
    require $drop_in;
    $read = isset($CONFIG) && is_array($CONFIG) ? array_merge($read, $CONFIG) : $read;
}
$CONFIG = $read;

/** The version of the code; config.php has the version of the database. */
const SITE_VERSION = '17.0.2.1';

/** Says which node answered. */
function site_identify(): void {
    header('X-Lab-Node: ' . gethostname());
}

/** IPv4 and IPv6, an address or a range. */
function address_in(string $address, string $range): bool {
    [$network, $bits] = array_pad(explode('/', $range, 2), 2, null);
    $address = @inet_pton($address);
    $network = @inet_pton($network);
    if ($address === false || $network === false || strlen($address) !== strlen($network)) {
        return false;
    }
    $bits = $bits === null ? 8 * strlen($network) : (int) $bits;
    $mask = str_pad(str_repeat("\xff", intdiv($bits, 8)) . ($bits % 8 ? chr(0xff << (8 - $bits % 8) & 0xff) : ''), strlen($network), "\0");
    return ($address & $mask) === ($network & $mask);
}

function address_trusted(string $address): bool {
    global $CONFIG;
    foreach ($CONFIG['trusted_proxies'] ?? [] as $range) {
        if (address_in($address, $range)) {
            return true;
        }
    }
    return false;
}

function site_trusts_proxy(): bool {
    return address_trusted($_SERVER['REMOTE_ADDR'] ?? '');
}

/** The visitor: behind trusted proxies the last address they have not added themselves (Request::getRemoteAddress). */
function site_visitor(): string {
    $address = $_SERVER['REMOTE_ADDR'] ?? '';
    if (!address_trusted($address)) {
        return $address;
    }
    foreach (array_reverse(explode(',', $_SERVER['HTTP_X_FORWARDED_FOR'] ?? '')) as $forwarded) {
        $forwarded = trim($forwarded);
        if (substr_count($forwarded, ':') === 1) {
            $forwarded = strstr($forwarded, ':', true);
        }
        if (!address_trusted($forwarded) && filter_var($forwarded, FILTER_VALIDATE_IP) !== false) {
            return $forwarded;
        }
    }
    return $address;
}

/** The overwrites hold for connections from addresses that `overwritecondaddr` matches (Request::isOverwriteCondition). */
function site_overwrites(): bool {
    global $CONFIG;
    $condition = $CONFIG['overwritecondaddr'] ?? '';
    return $condition === '' || preg_match('/' . $condition . '/', $_SERVER['REMOTE_ADDR'] ?? '') === 1;
}

/** The host as it was asked for (Request::getInsecureServerHost). */
function site_host_asked(): string {
    if (site_trusts_proxy() && !empty($_SERVER['HTTP_X_FORWARDED_HOST'])) {
        return trim(explode(',', $_SERVER['HTTP_X_FORWARDED_HOST'])[0]);
    }
    return $_SERVER['HTTP_HOST'] ?? 'localhost';
}

/** The host that links have (Request::getServerHost). */
function site_host(): string {
    global $CONFIG;
    if (($CONFIG['overwritehost'] ?? '') !== '' && site_overwrites()) {
        return $CONFIG['overwritehost'];
    }
    $host = site_host_asked();
    return host_trusted($host) ? $host : ($CONFIG['trusted_domains'][0] ?? '');
}

/**
 * Once `overwritehost` is set every host is trusted, whatever `overwritecondaddr` says; else the machine itself and the
 * listed ones, `*` standing for a part of a name (TrustedDomainHelper::isTrustedDomain).
 */
function host_trusted(string $asked): bool {
    global $CONFIG;
    if (($CONFIG['overwritehost'] ?? '') !== '') {
        return true;
    }
    $name = preg_replace('/:\d+$/', '', $asked);
    if (preg_match('/^(127\.0\.0\.1|localhost|\[::1\])$/', $name) === 1) {
        return true;
    }
    if (str_starts_with($name, '-') || str_contains($name, '..')) {
        return false;
    }
    foreach ($CONFIG['trusted_domains'] ?? [] as $trusted) {
        $parts = array_map(fn($part) => preg_quote($part, '/'), explode('*', $trusted));
        $pattern = '/^' . implode('[-\.a-zA-Z0-9]*', $parts) . '$/i';
        if (preg_match($pattern, $name) === 1 || preg_match($pattern, $asked) === 1) {
            return true;
        }
    }
    return false;
}

function site_trusts_host(): bool {
    return host_trusted(site_host_asked());
}

/** Request::getServerProtocol. */
function site_protocol(): string {
    global $CONFIG;
    if (($CONFIG['overwriteprotocol'] ?? '') !== '' && site_overwrites()) {
        return $CONFIG['overwriteprotocol'];
    }
    if (site_trusts_proxy() && !empty($_SERVER['HTTP_X_FORWARDED_PROTO'])) {
        return strtolower(trim(explode(',', $_SERVER['HTTP_X_FORWARDED_PROTO'])[0])) === 'https' ? 'https' : 'http';
    }
    return in_array($_SERVER['HTTPS'] ?? '', ['', 'off'], true) ? 'http' : 'https';
}

/** The path of a page: without index.php where the web server is set up for that (URLGenerator::linkToRoute). */
function site_path(string $route): string {
    return (($_SERVER['front_controller_active'] ?? '') === 'true' ? '' : '/index.php') . $route;
}

function site_url(string $route): string {
    return site_protocol() . '://' . site_host() . site_path($route);
}

function site_in_maintenance(): bool {
    global $CONFIG;
    return !empty($CONFIG['maintenance']);
}

/** Code that is newer than the database waits for an upgrade (Util::needUpgrade). */
function site_needs_upgrade(): bool {
    global $CONFIG;
    return version_compare($CONFIG['version'] ?? '0', SITE_VERSION, '<');
}
