<?php
// The stand-in's WebDAV: one flat folder of files per user, kept in the object store, so that every node
// serves the same. Speaks PUT, GET, HEAD, DELETE, PROPFIND and OPTIONS; everything else is 405.
require __DIR__ . '/lib/site.php';
require __DIR__ . '/lib/session.php';
require __DIR__ . '/lib/store.php';
site_identify();
if (!site_trusts_host()) {
    dav_error(400, 'Trusted domain error.');
}

function dav_error(int $status, string $why): void {
    http_response_code($status);
    if ($status === 401) {
        header('WWW-Authenticate: Basic realm="Nextcloud", charset="UTF-8"');
    }
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

$path = rawurldecode(parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH) ?: '/');
$user = session_user_of_client();
if ($user === null) {
    dav_error(401, 'Cannot authenticate over ajax calls');
}
if (!preg_match('#^/remote\.php/(?:dav/files/([^/]+)|webdav)(?:/(.*))?$#', $path, $part)) {
    dav_error(404, 'File not found');
}
if (($part[1] ?? '') !== '' && $part[1] !== $user) {
    dav_error(404, 'Principal with name ' . $part[1] . ' not found');
}
$name = trim($part[2] ?? '', '/');
$key = 'files/' . rawurlencode($user) . '/' . implode('/', array_map('rawurlencode', explode('/', $name)));
$method = $_SERVER['REQUEST_METHOD'];
try {
    if ($method === 'OPTIONS') {
        header('DAV: 1, 3');
        header('Allow: OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND');
    } elseif ($method === 'PROPFIND') {
        $file = $name === '' ? null : store_head($key);
        if ($name !== '' && $file === null) {
            dav_error(404, "File with name $name could not be located");
        }
        http_response_code(207);
        header('Content-Type: application/xml; charset=utf-8');
        echo '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">' . dav_entry($path, $file) . '</d:multistatus>';
    } elseif ($name === '') {
        dav_error(405, "$method is not for a folder");
    } elseif ($method === 'PUT') {
        $known = store_head($key) !== null;
        $etag = store_put($key, file_get_contents('php://input'));
        http_response_code($known ? 204 : 201);
        header("ETag: $etag");
        header("OC-ETag: $etag");
    } elseif ($method === 'GET' || $method === 'HEAD') {
        $file = store_get($key);
        if ($file === null) {
            dav_error(404, "File with name $name could not be located");
        }
        header('Content-Type: application/octet-stream');
        header('Content-Length: ' . strlen($file['body']));
        header('ETag: ' . $file['etag']);
        if ($method === 'GET') {
            echo $file['body'];
        }
    } elseif ($method === 'DELETE') {
        if (store_head($key) === null) {
            dav_error(404, "File with name $name could not be located");
        }
        store_delete($key);
        http_response_code(204);
    } else {
        dav_error(405, "$method is not spoken here");
    }
} catch (StoreError $error) {
    dav_error(503, $error->getMessage());
}
