<?php
// Sessions without a server side: who is logged in stands in a cookie signed with config.php's secret, so that
// every node with the same config.php knows it. A cookie that is not ours, or too old, is nobody's.
const SESSION_COOKIE = 'nc_lab_session';
const SESSION_LIFETIME = 3600;

function session_signature(string $payload): string {
    global $CONFIG;
    return hash_hmac('sha256', $payload, $CONFIG['secret']);
}

function session_new(?string $user): array {
    return ['user' => $user, 'csrf' => base64_encode(random_bytes(24)) . ':' . base64_encode(random_bytes(12)), 'until' => time() + SESSION_LIFETIME];
}

function session_of_request(): array {
    [$payload, $signature] = array_pad(explode('.', $_COOKIE[SESSION_COOKIE] ?? '', 2), 2, '');
    if ($payload !== '' && hash_equals(session_signature($payload), $signature)) {
        $session = json_decode(base64_decode(strtr($payload, '-_', '+/')), true);
        if (is_array($session) && ($session['until'] ?? 0) > time()) {
            return $session;
        }
    }
    return session_new(null);
}

function session_cookie_options(int $expires): array {
    return ['expires' => $expires, 'path' => '/', 'secure' => site_protocol() === 'https', 'httponly' => true, 'samesite' => 'Lax'];
}

function session_send(array $session): void {
    $payload = rtrim(strtr(base64_encode(json_encode($session)), '+/', '-_'), '=');
    setcookie(SESSION_COOKIE, $payload . '.' . session_signature($payload), session_cookie_options(0));
}

function session_forget(): void {
    setcookie(SESSION_COOKIE, '', session_cookie_options(1));
}

/** The users' file holds `{"name": "salt:sha256 of salt and password"}`. */
function password_is_right(string $user, string $password): bool {
    global $CONFIG;
    $users = json_decode((string) @file_get_contents($CONFIG['datadirectory'] . '/users.json'), true) ?: [];
    [$salt, $hash] = array_pad(explode(':', $users[$user] ?? ':', 2), 2, '');
    return $hash !== '' && hash_equals($hash, hash('sha256', $salt . $password));
}

/** The user of a WebDAV client: basic authentication, or a session's cookie together with its request token. */
function session_user_of_client(): ?string {
    if (isset($_SERVER['PHP_AUTH_USER'])) {
        return password_is_right($_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'] ?? '') ? $_SERVER['PHP_AUTH_USER'] : null;
    }
    $session = session_of_request();
    return hash_equals($session['csrf'], $_SERVER['HTTP_REQUESTTOKEN'] ?? '') ? $session['user'] : null;
}
