<?php
// Sessions. By default without a server side: what belongs to a session stands in a cookie signed with config.php's
// secret, so that every node with the same config.php knows it. With `'standin.sessions' => 'node'` they are PHP's own, as
// Nextcloud's always are: files of the node that made them, under a name that is the instance's id (lib/base.php,
// initSession).
const SESSION_LIFETIME = 3600;

function session_cookie(): string {
    global $CONFIG;
    return $CONFIG['instanceid'];
}

function sessions_of_node(): bool {
    global $CONFIG;
    return ($CONFIG['standin.sessions'] ?? '') === 'node';
}

function session_signature(string $payload): string {
    global $CONFIG;
    return hash_hmac('sha256', $payload, $CONFIG['secret']);
}

function session_new(?string $user): array {
    return ['user' => $user, 'csrf' => base64_encode(random_bytes(24)), 'until' => time() + SESSION_LIFETIME];
}

function session_cookie_options(): array {
    return ['path' => '/', 'secure' => site_protocol() === 'https', 'httponly' => true, 'samesite' => 'Lax'];
}

function session_of_request(): array {
    if (sessions_of_node()) {
        session_name(session_cookie());
        session_set_cookie_params(session_cookie_options());
        session_start();
        return isset($_SESSION['csrf']) ? $_SESSION : session_new(null);
    }
    [$payload, $signature] = array_pad(explode('.', $_COOKIE[session_cookie()] ?? '', 2), 2, '');
    if ($payload !== '' && hash_equals(session_signature($payload), $signature)) {
        $session = json_decode(base64_decode(strtr($payload, '-_', '+/')), true);
        if (is_array($session) && ($session['until'] ?? 0) > time()) {
            return $session;
        }
    }
    return session_new(null);
}

/** Keeps what a session has; with a new id where somebody else's begins (Session::login, regenerateId). */
function session_send(array $session, bool $renew = false): void {
    if (sessions_of_node()) {
        if ($renew) {
            session_regenerate_id(true);
        }
        $_SESSION = $session;
        return;
    }
    $payload = rtrim(strtr(base64_encode(json_encode($session)), '+/', '-_'), '=');
    setcookie(session_cookie(), $payload . '.' . session_signature($payload), session_cookie_options());
}

/** The token as pages show it: another one each time (lib/private/Security/CSRF/CsrfToken.php). */
function csrf_shown(array $session): string {
    $secret = random_bytes(strlen($session['csrf']));
    return base64_encode($session['csrf'] ^ $secret) . ':' . base64_encode($secret);
}

/** Whether a request has the session's token, and the cookies that no other site can send (Request::passesCSRFCheck). */
function csrf_passes(array $session): bool {
    [$token, $secret] = array_pad(explode(':', $_GET['requesttoken'] ?? $_POST['requesttoken'] ?? $_SERVER['HTTP_REQUESTTOKEN'] ?? ''), 2, '');
    $token = (string) base64_decode($token) ^ (string) base64_decode($secret);
    return same_site() && hash_equals($session['csrf'], $token);
}

/** Request::passesStrictCookieCheck: asked of those who send the session's cookie. */
function same_site(): bool {
    if (!isset($_COOKIE[session_cookie()]) || isset($_SERVER['HTTP_OCS_APIREQUEST'])) {
        return true;
    }
    $prefix = site_protocol() === 'https' ? '__Host-' : '';
    return ($_COOKIE[$prefix . 'nc_sameSiteCookiestrict'] ?? '') === 'true' && ($_COOKIE[$prefix . 'nc_sameSiteCookielax'] ?? '') === 'true';
}

/** lib/base.php, sendSameSiteCookies: to those who come without any cookie. */
function send_same_site_cookies(): void {
    if ($_COOKIE !== []) {
        return;
    }
    $https = site_protocol() === 'https';
    foreach (['lax', 'strict'] as $policy) {
        header('Set-Cookie: ' . ($https ? '__Host-' : '') . "nc_sameSiteCookie$policy=true; path=/; httponly;" . ($https ? 'secure; ' : '')
            . "expires=Fri, 31-Dec-2100 23:59:59 GMT; SameSite=$policy", false);
    }
}
