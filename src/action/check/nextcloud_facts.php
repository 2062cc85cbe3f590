<?php
// usage: php -- FILE < this
// Prints the few values of Nextcloud's configuration that a check judges, as JSON. FILE is config.php; further
// *.config.php beside it are read after it, as Nextcloud does. No password, key or salt is printed.
error_reporting(0);
[, $file] = $argv;
class OC { public static $SERVERROOT = ''; }
OC::$SERVERROOT = dirname($file, 2);
$others = glob(dirname($file) . '/*.' . basename($file)) ?: [];
natsort($others);
$all = [];
foreach (array_merge([$file], $others) as $path) {
    ob_start();
    $CONFIG = null;
    include $path;
    ob_end_clean();
    if (is_array($CONFIG)) $all = array_merge($all, $CONFIG);
}
$text = fn(string $key) => is_string($all[$key] ?? null) || is_int($all[$key] ?? null) ? (string) $all[$key] : null;
$store = $all['objectstore'] ?? $all['objectstore_multibucket'] ?? null;
echo json_encode([
    'read' => $all !== [],
    'dbtype' => $text('dbtype'),
    'dbhost' => $text('dbhost'),
    'datadirectory' => $text('datadirectory') ?? OC::$SERVERROOT . '/data',
    'overwritewebroot' => $text('overwritewebroot'),
    'overwrite.cli.url' => $text('overwrite.cli.url'),
    'objectstore' => is_array($store) ? (string) ($store['class'] ?? $store['default']['class'] ?? 'unnamed') : null,
]), "\nlooked\n";
