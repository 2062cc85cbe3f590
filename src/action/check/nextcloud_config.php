<?php
// Reads Nextcloud's configuration into $all, as Nextcloud does: the file that is the script's argument, config.php, then
// further *.config.php beside it. What such a file prints is thrown away. Scripts that judge it come after this one.
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
?>
