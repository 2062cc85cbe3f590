<?php
// A very small Nextcloud: login form with its token, files by WebDAV, logout. `faults` holds what is to go wrong.
$dir = __DIR__ . '/site-data';
@mkdir($dir);
$faults = (string) @file_get_contents("$dir/faults");
$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
file_put_contents("$dir/log", $_SERVER['REQUEST_METHOD'] . " $path " . ($_SERVER['HTTP_HOST'] ?? '') . "\n", FILE_APPEND);
if (preg_match('/busy:(\d+)/', $faults, $n) && $n[1] > 0) {
    file_put_contents("$dir/faults", 'busy:' . ($n[1] - 1));
    http_response_code(503);
    exit;
}
session_save_path($dir);
session_start();
$token = $_SESSION['token'] ??= base64_encode(random_bytes(9)) . '+:' . base64_encode(random_bytes(6));
$page = fn($body) => print("<head data-requesttoken=\"" . htmlspecialchars($token) . "\">$body");
$given = $_POST['requesttoken'] ?? $_GET['requesttoken'] ?? $_SERVER['HTTP_REQUESTTOKEN'] ?? '';
$to = fn($where) => header("Location: https://cloud.nextcloud.example/index.php/$where", true, 303);
$right = fn($user, $password) => $user === 'anna' && $password === 'p w"&\\1';
$in = isset($_SESSION['user']);
if ($path === '/') $to($in ? 'apps/files/' : 'login');
elseif ($path === '/index.php/login' && $_POST) {
    if ($given !== $token || ($_SERVER['HTTP_ORIGIN'] ?? '') !== 'https://cloud.nextcloud.example') http_response_code(412);
    elseif (!$right($_POST['user'], $_POST['password'])) $to('login?user=' . rawurlencode($_POST['user']));
    else { session_regenerate_id(true); $_SESSION = ['user' => $_POST['user']]; $to('apps/files/'); }
} elseif ($path === '/index.php/login') $page('login');
elseif ($path === '/index.php/logout' && $given === $token) { $_SESSION = []; $to('login'); }
elseif ($path === '/index.php/apps/files/') $in ? $page('files') : $to('login');
elseif (str_starts_with($path, '/remote.php/dav/files/anna/')) {
    $basic = isset($_SERVER['PHP_AUTH_USER']) && $right($_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW']);
    if (!$basic && !($in && $given === $token)) { http_response_code(401); exit; }
    $file = "$dir/file-" . basename($path);
    switch ($_SERVER['REQUEST_METHOD']) {
        case 'PUT': http_response_code(is_file($file) ? 204 : 201); file_put_contents($file, file_get_contents('php://input')); break;
        case 'GET':
            if ($basic && str_contains($faults, 'stale')) echo 'old';
            elseif (is_file($file)) readfile($file);
            else http_response_code(404);
            break;
        case 'DELETE': http_response_code(@unlink($file) ? 204 : 404); break;
    }
} else http_response_code(404);
