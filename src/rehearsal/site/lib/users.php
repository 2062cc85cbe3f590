<?php
// The users, and what happens to who logs in: by the form, or as a client with each request.
//
// users.json holds `{"ID": {"password": "SALT:SHA-256 of salt and password", ...}}`, in short `{"ID": "SALT:..."}`. More
// of a user: `email`, which the form and clients take for the id (Login/EmailLoginCommand.php, Session::logClientIn);
// `apps`, app passwords, which clients may send and the form refuses (Login/UidLoginCommand.php asks for the password
// alone); `disabled`; `twofactor`.

class TooManyLogins extends Exception {}

function users(): array {
    global $CONFIG;
    $users = json_decode((string) @file_get_contents($CONFIG['datadirectory'] . '/users.json'), true) ?: [];
    return array_map(fn($user) => is_string($user) ? ['password' => $user] : $user, $users);
}

/** The id of who logs in with this name: ids whatever their case, else an address that one user alone has. */
function user_id(string $name): ?string {
    $by_mail = [];
    foreach (users() as $id => $user) {
        if (strcasecmp((string) $id, $name) === 0) {
            return (string) $id;
        }
        if (filter_var($name, FILTER_VALIDATE_EMAIL) && strcasecmp($user['email'] ?? '', $name) === 0) {
            $by_mail[] = (string) $id;
        }
    }
    return count($by_mail) === 1 ? $by_mail[0] : null;
}

function is_secret(string $stored, string $given): bool {
    [$salt, $hash] = array_pad(explode(':', $stored, 2), 2, '');
    return $hash !== '' && hash_equals($hash, hash('sha256', $salt . $given));
}

function password_is_right(string $id, string $password): bool {
    return is_secret(users()[$id]['password'] ?? '', $password);
}

function app_password_is_right(string $id, string $password): bool {
    foreach (users()[$id]['apps'] ?? [] as $stored) {
        if (is_secret($stored, $password)) {
            return true;
        }
    }
    return false;
}

function needs_second_factor(string $id): bool {
    return !empty(users()[$id]['twofactor']);
}

/** Failed logins of the visitor's address, newest last. They are in the database that the nodes share. */
function failed_logins(): array {
    $stored = store_get('bruteforce/' . rawurlencode(site_visitor()));
    return $stored === null ? [] : array_values(array_filter(json_decode($stored['body'], true) ?: [], fn($at) => $at > time() - 12 * 3600));
}

function keep_failed_logins(array $all): void {
    store_put('bruteforce/' . rawurlencode(site_visitor()), json_encode($all));
}

/**
 * Sleeps as long as the failed logins of an address ask for: 0.1 s times two to their number, at most 25 s; more than ten
 * within half an hour are too many (Bruteforce/Throttler.php). `standin.throttle` is what part of that is slept.
 */
function slow_down(): void {
    global $CONFIG;
    if (($CONFIG['auth.bruteforce.protection.enabled'] ?? true) === false) {
        return;
    }
    $failed = failed_logins();
    if (count(array_filter($failed, fn($at) => $at > time() - 1800)) > 10) {
        throw new TooManyLogins('Reached maximum delay');
    }
    $seconds = $failed === [] ? 0 : min(25, 0.1 * 2 ** min(count($failed), 10));
    usleep((int) ($seconds * 1000000 * ($CONFIG['standin.throttle'] ?? 0.01)));
}

/** Notes a failed login and sleeps again (BruteForceMiddleware::afterController). */
function login_failed(): void {
    keep_failed_logins([...failed_logins(), time()]);
    slow_down();
}

/** A login that is right takes its address off the list (lib/base.php, registerAppRestrictionsHooks and resetDelay). */
function login_succeeded(): void {
    if (failed_logins() !== []) {
        keep_failed_logins([]);
    }
}

/**
 * The user of a client that sends name and password: an app password, or the user's own where no second factor is asked
 * for and `token_auth_enforced` is not set (Session::logClientIn).
 */
function user_of_client(string $name, string $password): ?string {
    global $CONFIG;
    slow_down();
    $id = user_id($name);
    if ($id !== null && !empty(users()[$id]['disabled'])) {
        return null;
    }
    if ($id !== null && app_password_is_right($id, $password)) {
        return $id;
    }
    if (!empty($CONFIG['token_auth_enforced']) || ($id !== null && needs_second_factor($id))) {
        return null;
    }
    if ($id !== null && password_is_right($id, $password)) {
        login_succeeded();
        return $id;
    }
    login_failed();
    return null;
}
