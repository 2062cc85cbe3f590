<?php
// usage: php -- FIRST SECOND < this, after a `const WANTED = '...'`: process lists show arguments.
// Judges a change of a file that sets $CONFIG. FIRST is the file as it was, SECOND as it is to be, WANTED is JSON in
// hexadecimal: {"set": {key: value}, "append": {key: [text]}}. Prints one line for each thing that is wrong, naming keys
// and never a value. With SECOND empty: prints which of WANTED's keys FIRST sets.
error_reporting(0);
function load(string $path): ?array {
    ob_start();
    $CONFIG = null;
    include $path;
    return ob_get_clean() === '' && is_array($CONFIG) ? $CONFIG : null;
}
[, $first, $second] = $argv;
// Nextcloud's own root, which configuration files may name (`apps_paths`).
class OC { public static $SERVERROOT = ''; }
OC::$SERVERROOT = dirname($first, 2);
$wanted = json_decode(hex2bin(WANTED), true);
$ours = $wanted['set'] + $wanted['append'];
$before = load($first);
if ($second === '') {
    foreach (array_keys(array_intersect_key($ours, $before ?? [])) as $key) echo "sets $key\n";
    echo "judged\n";
    exit;
}
$after = load($second);
if ($before === null) echo "the file as it was prints something or has no array \$CONFIG\n";
if ($after === null) echo "the file as it is to be prints something or has no array \$CONFIG\n";
if ($before !== null && $after !== null) {
    foreach (array_keys($before + $after) as $key) {
        if (array_key_exists($key, $ours)) continue;
        $same = array_key_exists($key, $before) && array_key_exists($key, $after) && serialize($before[$key]) === serialize($after[$key]);
        if (!$same) echo "`$key` would change too\n";
    }
    foreach ($wanted['set'] as $key => $value) {
        if (!array_key_exists($key, $after) || $after[$key] !== $value) echo "`$key` would not have the value asked for\n";
    }
    foreach ($wanted['append'] as $key => $texts) {
        $old = $before[$key] ?? [];
        $new = $after[$key] ?? null;
        if (!is_array($new) || array_slice($new, 0, count($old)) !== array_slice($old, 0)) echo "`$key` would lose what it holds\n";
        elseif (array_diff($texts, $new)) echo "`$key` would not hold all that is asked for\n";
        elseif (array_diff($new, $old, $texts)) echo "`$key` would hold more than is asked for\n";
    }
}
echo "judged\n";
