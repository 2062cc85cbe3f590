<?php
// The stand-in's WebDAV: one flat folder of files per user, kept in the object store, so that every node serves the same;
// large files in chunks; a trash bin. Speaks PUT, GET, HEAD, DELETE, PROPFIND, MKCOL, MOVE and OPTIONS where Nextcloud
// does; everything else is 405. Each rule names the file of Nextcloud's server it is from.
require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/store.php';
require __DIR__ . '/lib/session.php';
require __DIR__ . '/lib/users.php';
require __DIR__ . '/lib/database.php';
/** The least that S3 takes for a part that is not the last (its documentation, "Multipart upload limits"). */
const LEAST_PART = 5 * 1024 * 1024;

site_identify();
if (!site_trusts_host()) {
    http_response_code(400);
    echo "<!DOCTYPE html>\n<html>\n<head>\n<title>Nextcloud</title>\n</head>\n<body><p>Access through untrusted domain</p></body>\n</html>\n";
    exit;
}
send_same_site_cookies();
// remote.php
if (site_needs_upgrade()) {
    dav_error(503, 'Service unavailable');
}
// apps/dav/lib/Connector/Sabre/MaintenancePlugin.php; ServerMaintenanceMode
if (site_in_maintenance()) {
    dav_error(503, 'System is in maintenance mode.', ['X-Nextcloud-Maintenance-Mode: 1']);
}

function dav_error(int $status, string $why, array $headers = []): never {
    http_response_code($status);
    array_map('header', $headers);
    header('Content-Type: application/xml; charset=utf-8');
    echo "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\">\n"
        . '<s:message>' . htmlspecialchars($why, ENT_XML1) . "</s:message>\n</d:error>\n";
    exit;
}

function dav_entry(string $href, ?array $file): string {
    $properties = $file === null
        ? '<d:resourcetype><d:collection/></d:resourcetype>'
        : '<d:resourcetype/><d:getcontentlength>' . $file['length'] . '</d:getcontentlength><d:getetag>' . htmlspecialchars($file['etag'], ENT_XML1) . '</d:getetag>';
    return '<d:response><d:href>' . htmlspecialchars($href, ENT_XML1) . "</d:href><d:propstat><d:prop>$properties</d:prop>"
        . '<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>';
}

function dav_list(array $entries): void {
    http_response_code(207);
    header('Content-Type: application/xml; charset=utf-8');
    echo '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">' . implode('', $entries) . '</d:multistatus>';
}

/**
 * Who asks (apps/dav/lib/Connector/Sabre/Auth.php): a session's user, whose requests that change something must have the
 * session's token; else name and password with the request.
 */
function dav_user(string $method): string {
    $session = session_of_request();
    if ($session['user'] !== null && empty($session['second_factor'])) {
        if ($method !== 'GET' && !csrf_passes($session)) {
            dav_error(401, 'CSRF check not passed.');
        }
        return $session['user'];
    }
    if (isset($_SERVER['PHP_AUTH_USER'])) {
        try {
            $user = user_of_client($_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'] ?? '');
        } catch (TooManyLogins) {
            dav_error(429, 'Too Many Requests');
        }
        return $user ?? dav_error(401, 'Username or password was incorrect', ['WWW-Authenticate: Basic realm="Nextcloud", charset="UTF-8"']);
    }
    if (($_SERVER['HTTP_X_REQUESTED_WITH'] ?? '') === 'XMLHttpRequest') {
        dav_error(401, 'Cannot authenticate over ajax calls', ['WWW-Authenticate: DummyBasic realm="Nextcloud"']);
    }
    dav_error(401, "No 'Authorization: Basic' header found.", ['WWW-Authenticate: Basic realm="Nextcloud", charset="UTF-8"']);
}

function key_of(string ...$parts): string {
    return implode('/', array_map('rawurlencode', $parts));
}

/** A user's file. */
function files(string $method, string $path, string $user, string $name): void {
    $key = key_of('files', $user, $name);
    if ($method === 'PROPFIND') {
        $file = $name === '' || !file_is_known($key) ? null : store_head($key);
        if ($name !== '' && $file === null) {
            dav_error(404, "File with name $name could not be located");
        }
        dav_list([dav_entry($path, $file)]);
        return;
    }
    if ($name === '') {
        dav_error(405, "$method is not for a folder");
    }
    if ($method === 'PUT') {
        $known = file_is_known($key) && store_head($key) !== null;
        $body = file_get_contents('php://input');
        $etag = store_put($key, $body);
        file_is_there($key, strlen($body), $etag);
        http_response_code($known ? 204 : 201);
        header("ETag: $etag");
        header("OC-ETag: $etag");
        return;
    }
    $file = $method === 'GET' ? store_get($key) : store_head($key);
    if ($file === null || !file_is_known($key)) {
        dav_error(404, "File with name $name could not be located");
    }
    if ($method === 'GET' || $method === 'HEAD') {
        header('Content-Type: application/octet-stream');
        header('Content-Length: ' . $file['length']);
        header('ETag: ' . $file['etag']);
        echo $file['body'];
    } elseif ($method === 'DELETE') {
        throw_away($user, $name, $key);
        http_response_code(204);
    } else {
        dav_error(405, "$method is not spoken here");
    }
}

/** apps/files_trashbin/lib/Trashbin.php, move2trash: under the name `NAME.dTIME`; newer servers may be told not to. */
function throw_away(string $user, string $name, string $key): void {
    global $CONFIG;
    $skips = version_compare(SITE_VERSION, '30', '>=') && ($_SERVER['HTTP_X_NC_SKIP_TRASHBIN'] ?? '') === 'true';
    if (($CONFIG['standin.trashbin'] ?? true) && !$skips) {
        store_put(key_of('trashbin', $user, $name . '.d' . time()), store_get($key)['body'] ?? '');
    }
    store_delete($key);
    file_is_gone($key);
}

/** apps/files_trashbin/lib/Sabre: `trashbin/USER/trash`; without the app there is no such folder. */
function trashbin(string $method, string $path, string $user, string $rest): void {
    global $CONFIG;
    [$folder, $name] = array_pad(explode('/', $rest, 2), 2, '');
    if ($folder !== 'trash' || !($CONFIG['standin.trashbin'] ?? true)) {
        dav_error(404, 'File not found');
    }
    if ($name === '' && $method === 'PROPFIND') {
        $names = ($_SERVER['HTTP_DEPTH'] ?? '0') === '1' ? store_list(key_of('trashbin', $user)) : [];
        $entry = fn($name) => dav_entry(rtrim($path, '/') . '/' . rawurlencode($name), ['length' => '0', 'etag' => '""']);
        dav_list([dav_entry($path, null), ...array_map($entry, $names)]);
    } elseif ($name !== '' && $method === 'DELETE') {
        $key = key_of('trashbin', $user, $name);
        if (store_head($key) === null) {
            dav_error(404, 'File not found');
        }
        store_delete($key);
        http_response_code(204);
    } else {
        dav_error(405, "$method is not spoken here");
    }
}

/**
 * apps/dav/lib/Upload: `uploads/USER/UPLOAD` by MKCOL, chunks by PUT, `.file` by MOVE. With a distributed cache, an object
 * store and `Destination` at MKCOL the store assembles the parts (ChunkingV2Plugin), which it does by its own rules.
 */
function uploads(string $method, string $user, string $rest): void {
    global $CONFIG;
    [$upload, $chunk] = array_pad(explode('/', trim($rest, '/'), 2), 2, '');
    $folder = key_of('uploads', $user, $upload);
    $known = $upload === '' ? null : store_get("$folder/.begun");
    if ($upload !== '' && $chunk === '' && $method === 'MKCOL') {
        if ($known !== null) {
            dav_error(405, 'The resource you tried to create already exists');
        }
        $parts = store_is_s3() && ($CONFIG['memcache.distributed'] ?? '') !== '' && ($_SERVER['HTTP_DESTINATION'] ?? '') !== '';
        store_put("$folder/.begun", $parts ? 'parts' : 'files');
        http_response_code(201);
        return;
    }
    if ($known === null) {
        dav_error(404, "File with name $upload could not be located");
    }
    $parts = $known['body'] === 'parts';
    if ($chunk === '' && $method === 'DELETE') {
        uploads_forget($folder);
        http_response_code(204);
    } elseif ($chunk === '.file' && $method === 'MOVE') {
        uploads_assemble($user, $folder, $parts);
    } elseif ($chunk !== '' && $method === 'PUT') {
        if ($parts && (!ctype_digit($chunk) || (int) $chunk < 1 || (int) $chunk > 10000)) {
            dav_error(400, 'Invalid chunk name, must be numeric between 1 and 10000');
        }
        store_put("$folder/" . rawurlencode($chunk), file_get_contents('php://input'));
        http_response_code(201);
    } else {
        dav_error(405, "$method is not spoken here");
    }
}

function uploads_assemble(string $user, string $folder, bool $parts): void {
    $chunks = array_filter(store_list($folder), fn($name) => $name !== '.begun');
    natsort($chunks);
    $bodies = array_map(fn($name) => store_get("$folder/" . rawurlencode($name))['body'] ?? '', array_values($chunks));
    foreach (array_slice($bodies, 0, -1) as $body) {
        if ($parts && strlen($body) < LEAST_PART) {
            dav_error(500, 'EntityTooSmall: Your proposed upload is smaller than the minimum allowed size');
        }
    }
    $whole = implode('', $bodies);
    $expected = $_SERVER['HTTP_OC_TOTAL_LENGTH'] ?? null;
    if ($expected !== null && $expected !== (string) strlen($whole)) {
        dav_error(400, "Chunks on server do not sum up to $expected but to " . strlen($whole) . ' bytes');
    }
    // Sabre takes the path of a whole URL (Server::calculateUri).
    $to = rawurldecode((string) parse_url($_SERVER['HTTP_DESTINATION'] ?? '', PHP_URL_PATH));
    if (!preg_match('#^/remote\.php/dav/files/([^/]+)/([^/]+)$#', $to, $place) || $place[1] !== $user) {
        dav_error(400, 'The destination is no file of this user');
    }
    $key = key_of('files', $user, $place[2]);
    $there = store_head($key) !== null;
    file_is_there($key, strlen($whole), store_put($key, $whole));
    uploads_forget($folder);
    http_response_code($there ? 204 : 201);
}

function uploads_forget(string $folder): void {
    foreach ([...store_list($folder), '.begun'] as $name) {
        store_delete("$folder/" . rawurlencode($name));
    }
}

$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH) ?: '/');
$method = $_SERVER['REQUEST_METHOD'];
try {
    // lib/base.php, performSameSiteCookieProtection
    if ($_COOKIE !== [] && !same_site()) {
        http_response_code(412);
        header('Content-Type: application/json');
        echo json_encode(['error' => 'Strict Cookie has not been found in request']);
        exit;
    }
    $user = dav_user($method);
    if (!preg_match('#^/remote\.php/(?:dav/(files|uploads|trashbin)/([^/]+)|webdav)(?:/(.*))?$#', $path, $part)) {
        dav_error(404, 'File not found');
    }
    [$kind, $owner, $rest] = [$part[1] ?? '', $part[2] ?? '', trim($part[3] ?? '', '/')];
    if ($owner !== '' && $owner !== $user) {
        dav_error(404, 'Principal with name ' . $owner . ' not found');
    }
    if ($method === 'OPTIONS') {
        header('DAV: 1, 3');
        header('Allow: OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, MKCOL, MOVE');
    } elseif ($kind === 'uploads') {
        uploads($method, $user, $rest);
    } elseif ($kind === 'trashbin') {
        trashbin($method, $path, $user, $rest);
    } else {
        files($method, $path, $user, $rest);
    }
} catch (StoreError $error) {
    dav_error(503, $error->getMessage());
} catch (mysqli_sql_exception) {
    // remote.php, handleException: what is no DAV exception
    dav_error(500, 'Internal Server Error');
}
