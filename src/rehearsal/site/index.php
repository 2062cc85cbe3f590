<?php
// The stand-in's front controller: what a browser needs to log in, see its name, and log out. It answers as Nextcloud's
// server does; each rule names the file it is from.
require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/store.php';
require __DIR__ . '/lib/session.php';
require __DIR__ . '/lib/users.php';
site_identify();
// lib/base.php, init
if (!site_trusts_host()) {
    http_response_code(400);
    echo "<!DOCTYPE html>\n<html>\n<head>\n<title>Nextcloud</title>\n</head>\n<body><p>Access through untrusted domain</p></body>\n</html>\n";
    exit;
}
send_same_site_cookies();

$path = parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH) ?: '/';
$path = preg_replace('#^/index\.php(?=/|$)#', '', $path) ?: '/';
$session = session_of_request();

/** core/templates/layout.user.php and layout.guest.php: who is logged in, the token, and what scripts are told. */
function page(array $session, string $title, string $body, array $state = []): void {
    $token = htmlspecialchars(csrf_shown($session), ENT_QUOTES);
    $user = $session['user'] === null ? '' : ' data-user="' . htmlspecialchars($session['user'], ENT_QUOTES) . '" data-user-displayname="' . htmlspecialchars($session['user'], ENT_QUOTES) . '"';
    header('Content-Type: text/html; charset=UTF-8');
    header('Cache-Control: no-cache, no-store, must-revalidate');
    echo "<!DOCTYPE html>\n<html class=\"ng-csp\">\n<head$user data-requesttoken=\"$token\">\n<title>$title</title>\n</head>\n<body>\n";
    foreach ($state as $key => $value) {
        echo '<input type="hidden" id="initial-state-core-' . $key . '" value="' . base64_encode(json_encode($value)) . "\">\n";
    }
    echo "$body\n</body>\n</html>\n";
}

function redirect(string $to): never {
    header("Location: $to", true, 303);
    exit;
}

// lib/base.php, checkMaintenanceMode and printUpgradePage
if (site_in_maintenance()) {
    http_response_code(503);
    header('X-Nextcloud-Maintenance-Mode: 1');
    header('Retry-After: 120');
    page(session_new(null), 'Nextcloud', '<h2>Maintenance mode</h2>');
    exit;
}
if (site_needs_upgrade()) {
    http_response_code(503);
    header('Retry-After: 120');
    page(session_new(null), 'Nextcloud', '<h2>Update needed</h2>');
    exit;
}

/** SecurityMiddleware::afterException: a client that does not ask for HTML is answered in JSON. */
function refuse(array $session, int $status, string $why): never {
    $html = stripos($_SERVER['HTTP_ACCEPT'] ?? '', 'html') !== false;
    if ($html && $status === 401) {
        redirect(site_path('/login') . '?redirect_url=' . rawurlencode($_SERVER['REQUEST_URI'] ?? '/'));
    }
    http_response_code($status);
    if ($html) {
        page($session, 'Error', '<p>' . htmlspecialchars($why) . '</p>');
    } else {
        header('Content-Type: application/json; charset=utf-8');
        echo json_encode(['message' => $why]);
    }
    exit;
}

/** For pages of those who are logged in (SecurityMiddleware), and through with it (TwoFactorMiddleware). */
function logged_in(array $session): string {
    if ($session['user'] === null) {
        refuse($session, 401, 'Current user is not logged in');
    }
    if (!empty($session['second_factor'])) {
        redirect(site_path('/login/selectchallenge') . '?redirect_url=' . rawurlencode($_SERVER['REQUEST_URI'] ?? '/'));
    }
    return $session['user'];
}

/** LoginController::createLoginFailedResponse: the reason waits in the session for the login page. */
function login_refused(array $session, string $user, string $reason): never {
    session_send(['errors' => [$reason]] + $session);
    redirect(site_path('/login') . '?user=' . rawurlencode($user) . '&direct=1');
}

/** LoginController::tryLogin, after BruteForceMiddleware. */
function log_in(array $session): never {
    $name = trim((string) ($_POST['user'] ?? ''));
    $password = (string) ($_POST['password'] ?? '');
    slow_down();
    if (!csrf_passes($session)) {
        if ($session['user'] !== null) {
            redirect(site_url('/apps/dashboard/'));
        }
        login_refused(session_new(null), $name, 'csrfCheckFailed');
    }
    $id = user_id($name);
    if ($id !== null && !empty(users()[$id]['disabled'])) {
        login_failed();
        login_refused($session, $name, 'userdisabled');
    }
    if ($id === null || !password_is_right($id, $password)) {
        login_failed();
        login_refused($session, $name, 'invalidpassword');
    }
    login_succeeded();
    session_send(['second_factor' => needs_second_factor($id)] + session_new($id), true);
    redirect(site_url('/apps/dashboard/'));
}

/** LoginController::showLoginForm. With `standin.sso` somebody else's page stands in its place, as user_saml's does. */
function login_page(array $session): void {
    global $CONFIG;
    if (!empty($session['clearing'])) {
        // ReloadExecutionMiddleware
        unset($session['clearing']);
        session_send($session);
        redirect(site_url('/login') . '?clear=1');
    }
    if ($session['user'] !== null) {
        redirect(site_url('/apps/dashboard/'));
    }
    if (($CONFIG['standin.sso'] ?? '') !== '' && ($_GET['direct'] ?? '') !== '1') {
        redirect($CONFIG['standin.sso'] . '?SAMLRequest=x');
    }
    $state = isset($session['errors']) ? ['loginMessages' => [], 'loginErrors' => $session['errors']] : [];
    unset($session['errors']);
    session_send($session);
    page($session, 'Login', '<div id="login"></div>', $state);
}

try {
    switch ($path) {
        case '/':
            // lib/base.php, handleRequest
            header('Location: ' . site_url($session['user'] === null ? '/login' : '/apps/dashboard/'), true, 302);
            break;
        case '/login':
            if ($_SERVER['REQUEST_METHOD'] === 'POST') {
                log_in($session);
            }
            login_page($session);
            break;
        case '/login/selectchallenge':
            $session['user'] === null ? refuse($session, 401, 'Current user is not logged in') : page($session, 'Two-factor authentication', '<p>Two-factor authentication</p>');
            break;
        case '/logout':
            if ($session['user'] === null) {
                refuse($session, 401, 'Current user is not logged in');
            }
            if (!csrf_passes($session)) {
                refuse($session, 412, 'CSRF check failed');
            }
            session_send(['clearing' => true] + session_new(null), true);
            redirect(site_url('/login') . '?clear=1');
        case '/apps/dashboard':
        case '/apps/dashboard/':
        case '/apps/files':
        case '/apps/files/':
            logged_in($session);
            page($session, 'Files', '<div id="content"></div>');
            break;
        default:
            http_response_code(404);
            page($session, 'Not found', '<p>Page not found</p>');
    }
} catch (TooManyLogins) {
    // TooManyRequestsResponse
    http_response_code(429);
    page($session, 'Nextcloud', '<p>Too many requests</p>');
} catch (StoreError $error) {
    http_response_code(500);
    page($session, 'Nextcloud', '<p>Internal Server Error</p>');
}
