<?php
// Leads requests of `php -S` to the stand-in's own files beside it, as nginx does, and lets go wrong what `faults` says:
// lines of JSON, `{"method", "path", "basic", "longer", "status", "server", "body", "times"}`; the first that fits answers.
$here = __DIR__;
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
$length = (int) ($_SERVER['HTTP_CONTENT_LENGTH'] ?? $_SERVER['CONTENT_LENGTH'] ?? 0);
file_put_contents("$here/log", $_SERVER['REQUEST_METHOD'] . " $path " . ($_SERVER['HTTP_HOST'] ?? '') . " $length\n", FILE_APPEND);
$faults = array_map(fn($line) => json_decode($line, true), @file("$here/faults", FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES) ?: []);
foreach ($faults as $n => $fault) {
    $fits = (!isset($fault['method']) || $fault['method'] === $_SERVER['REQUEST_METHOD'])
        && (!isset($fault['path']) || str_contains($path, $fault['path']))
        && (!isset($fault['basic']) || $fault['basic'] === isset($_SERVER['PHP_AUTH_USER']))
        && (!isset($fault['longer']) || $length > $fault['longer'])
        && ($fault['times'] ?? 1) > 0;
    if ($fits) {
        if (isset($fault['times'])) {
            $faults[$n]['times']--;
            file_put_contents("$here/faults", implode("\n", array_map('json_encode', $faults)));
        }
        http_response_code($fault['status']);
        if (isset($fault['server'])) header('Server: ' . $fault['server']);
        echo $fault['body'] ?? '';
        return;
    }
}
$_SERVER['front_controller_active'] = 'true';
require $here . (preg_match('#^/(status|remote)\.php#', $path, $script) ? "/$script[1].php" : '/index.php');
