<?php
// After nextcloud_config.php: prints the few values that a check judges, as JSON. No password, key or salt is printed.
$text = fn(string $key) => is_string($all[$key] ?? null) || is_int($all[$key] ?? null) ? (string) $all[$key] : null;
$store = $all['objectstore'] ?? $all['objectstore_multibucket'] ?? null;
// Where a cache is, without port or anything else; with the addresses its name has here.
$place = function ($host): array {
    $host = (string) $host;
    if (str_starts_with($host, '/') || str_contains($host, 'unix')) return ['name' => 'a socket', 'addresses' => []];
    $name = preg_replace('#^[a-z]+://#', '', $host);
    $name = trim(preg_match('/^\[(.+)\]/', $name, $v6) ? $v6[1] : preg_replace('/:\d+$/', '', $name));
    return ['name' => $name, 'addresses' => filter_var($name, FILTER_VALIDATE_IP) ? [$name] : (gethostbynamel($name) ?: [])];
};
$redis = is_array($all['redis.cluster'] ?? null) ? ($all['redis.cluster']['seeds'] ?? []) : [$all['redis']['host'] ?? '127.0.0.1'];
$memcached = array_map(fn($server) => is_array($server) ? ($server[0] ?? '') : $server, $all['memcached_servers'] ?? [['localhost']]);
$caches = [];
foreach (['memcache.locking', 'memcache.distributed'] as $use) {
    $class = strtolower($text($use) ?? '');
    if ($class === '') continue;
    $hosts = str_contains($class, 'redis') ? $redis : (str_contains($class, 'memcached') ? $memcached : null);
    $caches[] = ['use' => $use, 'class' => trim(strrchr('\\' . $text($use), '\\'), '\\'), 'places' => $hosts === null ? null : array_map($place, array_values((array) $hosts))];
}
$own = [];
foreach (net_get_interfaces() ?: [] as $interface) {
    foreach ($interface['unicast'] ?? [] as $unicast) if (isset($unicast['address'])) $own[] = $unicast['address'];
}
echo json_encode([
    'read' => $all !== [],
    'dbtype' => $text('dbtype'),
    'dbhost' => $text('dbhost'),
    'datadirectory' => $text('datadirectory') ?? OC::$SERVERROOT . '/data',
    'overwritewebroot' => $text('overwritewebroot'),
    'overwrite.cli.url' => $text('overwrite.cli.url'),
    'objectstore' => is_array($store) ? (string) ($store['class'] ?? $store['default']['class'] ?? 'unnamed') : null,
    'caches' => $caches,
    'addresses' => $own,
]), "\nlooked\n";
