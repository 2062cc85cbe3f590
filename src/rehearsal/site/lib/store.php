<?php
// Where files are kept: the object store of config.php (`objectstore`), S3 by path over plain http, so that all nodes have
// the same; without one the data directory of the node. The lab's S3 does not check signatures, so requests carry the
// credential's name only.
class StoreError extends Exception {}

function store_is_s3(): bool {
    global $CONFIG;
    return isset($CONFIG['objectstore']);
}

/** The file of a key in the data directory. */
function store_file(string $key): string {
    global $CONFIG;
    foreach (explode('/', $key) as $segment) {
        if (in_array($segment, ['', '.', '..'], true)) {
            throw new StoreError("`$key` is no name");
        }
    }
    return $CONFIG['datadirectory'] . '/store/' . $key;
}

function store_call(string $method, string $key, ?string $body = null): array {
    global $CONFIG;
    $to = $CONFIG['objectstore']['arguments'];
    $url = (empty($to['use_ssl']) ? 'http' : 'https') . '://' . $to['hostname'] . ':' . $to['port'] . '/' . $to['bucket'] . (str_starts_with($key, '?') ? '' : '/') . $key;
    $headers = [
        'Authorization: AWS4-HMAC-SHA256 Credential=' . $to['key'] . '/' . gmdate('Ymd') . '/' . $to['region'] . '/s3/aws4_request, SignedHeaders=host, Signature=' . str_repeat('0', 64),
        'Content-Type: application/octet-stream',
        'Connection: close',
    ];
    if ($body !== null) {
        $headers[] = 'Content-Length: ' . strlen($body);
    }
    $context = stream_context_create(['http' => ['method' => $method, 'header' => $headers, 'content' => $body ?? '', 'ignore_errors' => true, 'timeout' => 30]]);
    $answer = @file_get_contents($url, false, $context);
    if (!isset($http_response_header)) {
        throw new StoreError('The object store does not answer');
    }
    $etag = '';
    $length = '0';
    foreach ($http_response_header as $line) {
        if (stripos($line, 'etag:') === 0) {
            $etag = trim(substr($line, 5));
        } elseif (stripos($line, 'content-length:') === 0) {
            $length = trim(substr($line, 15));
        }
    }
    $status = (int) (explode(' ', $http_response_header[0])[1] ?? 0);
    if ($status >= 400 && $status !== 404) {
        throw new StoreError("The object store answered $status");
    }
    return ['status' => $status, 'etag' => $etag, 'length' => $length, 'body' => $answer];
}

function store_head(string $key): ?array {
    if (!store_is_s3()) {
        $file = store_file($key);
        return is_file($file) ? ['etag' => '"' . md5_file($file) . '"', 'length' => (string) filesize($file), 'body' => ''] : null;
    }
    $answer = store_call('HEAD', $key);
    return $answer['status'] === 404 ? null : $answer;
}

function store_get(string $key): ?array {
    if (!store_is_s3()) {
        $known = store_head($key);
        return $known === null ? null : ['body' => (string) file_get_contents(store_file($key))] + $known;
    }
    $answer = store_call('GET', $key);
    return $answer['status'] === 404 ? null : $answer;
}

function store_put(string $key, string $body): string {
    if (!store_is_s3()) {
        $file = store_file($key);
        @mkdir(dirname($file), 0770, true);
        if (file_put_contents($file, $body) !== strlen($body)) {
            throw new StoreError("`$key` cannot be written");
        }
        return '"' . md5($body) . '"';
    }
    $answer = store_call('PUT', $key, $body);
    if ($answer['status'] !== 200) {
        throw new StoreError('The object store answered ' . $answer['status']);
    }
    return $answer['etag'];
}

function store_delete(string $key): void {
    if (!store_is_s3()) {
        @unlink(store_file($key));
        return;
    }
    store_call('DELETE', $key);
}

/** The names of all that is right under a folder. */
function store_list(string $folder): array {
    if (!store_is_s3()) {
        $names = @scandir(store_file($folder)) ?: [];
        return array_map('rawurldecode', array_values(array_filter($names, fn($name) => !in_array($name, ['.', '..'], true))));
    }
    $start = rawurldecode("$folder/");
    $answer = store_call('GET', '?list-type=2&encoding-type=url&prefix=' . rawurlencode($start));
    preg_match_all('#<Key>([^<]*)</Key>#', $answer['body'], $found);
    return array_map(fn($key) => substr(rawurldecode(html_entity_decode($key)), strlen($start)), $found[1]);
}
