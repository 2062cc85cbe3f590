<?php
// The stand-in's front controller: what a browser needs to log in, see its name, and log out.
require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/session.php';
site_identify();
if (!site_trusts_host()) {
    http_response_code(400);
    echo "<!DOCTYPE html><title>Nextcloud</title><p>Access through untrusted domain</p>\n";
    exit;
}
$path = parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH) ?: '/';
$path = preg_replace('#^/index\.php(?=/|$)#', '', $path) ?: '/';
$session = session_of_request();

function page(array $session, string $title, string $body): void {
    $token = htmlspecialchars($session['csrf'], ENT_QUOTES);
    header('Content-Type: text/html; charset=UTF-8');
    header('Cache-Control: no-cache, no-store, must-revalidate');
    echo "<!DOCTYPE html>\n<html>\n<head data-requesttoken=\"$token\">\n<title>$title</title>\n</head>\n<body>\n$body\n</body>\n</html>\n";
}

function redirect(string $path): void {
    header('Location: ' . site_base_url() . '/index.php' . $path, true, 303);
    exit;
}

function refuse_forged(array $session): void {
    $token = $_POST['requesttoken'] ?? $_GET['requesttoken'] ?? $_SERVER['HTTP_REQUESTTOKEN'] ?? '';
    if (!hash_equals($session['csrf'], $token)) {
        http_response_code(412);
        page($session, 'Error', '<p>CSRF check failed</p>');
        exit;
    }
}

switch ($path) {
    case '/':
        header('Location: ' . site_base_url() . '/index.php/' . ($session['user'] === null ? 'login' : 'apps/files/'), true, 302);
        break;
    case '/login':
        if ($_SERVER['REQUEST_METHOD'] === 'POST') {
            refuse_forged($session);
            $user = (string) ($_POST['user'] ?? '');
            if (!password_is_right($user, (string) ($_POST['password'] ?? ''))) {
                redirect('/login?user=' . rawurlencode($user) . '&direct=1');
            }
            session_send(session_new($user));
            redirect('/apps/files/');
        }
        if ($session['user'] !== null) {
            redirect('/apps/files/');
        }
        session_send($session);
        $token = htmlspecialchars($session['csrf'], ENT_QUOTES);
        page($session, 'Login', "<form method=\"post\" action=\"/index.php/login\">\n"
            . "<input name=\"user\">\n<input name=\"password\" type=\"password\">\n"
            . "<input type=\"hidden\" name=\"requesttoken\" value=\"$token\">\n"
            . "<button>Log in</button>\n</form>");
        break;
    case '/logout':
        refuse_forged($session);
        session_forget();
        header('Location: ' . site_base_url() . '/index.php/login?clear=1', true, 302);
        break;
    case '/apps/files':
    case '/apps/files/':
        if ($session['user'] === null) {
            header('Location: ' . site_base_url() . '/index.php/login?redirect_url=/index.php/apps/files/', true, 302);
            break;
        }
        $user = htmlspecialchars($session['user'], ENT_QUOTES);
        page($session, 'Files', "<p id=\"user\" data-user=\"$user\">$user</p>");
        break;
    default:
        http_response_code(404);
        page($session, 'Not found', '<p>Page not found</p>');
}
