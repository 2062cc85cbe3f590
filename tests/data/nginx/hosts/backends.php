<?php
// What the sites of the tests pass on to: an HTTP backend and a FastCGI one, on each of the addresses given as
// `http:ADDRESS:PORT` and `fcgi:ADDRESS:PORT`. They answer 200 with the path that was asked for.
$servers = [];
foreach (array_slice($argv, 1) as $one) {
    [$kind, $address] = explode(':', $one, 2);
    $socket = stream_socket_server("tcp://$address", $number, $said) ?: exit("$address: $said\n");
    $servers[] = [$kind, $socket];
}
fwrite(STDOUT, "ready\n");
$open = [];
while (true) {
    $read = array_merge(array_column($servers, 1), array_column($open, 'socket'));
    $write = $except = null;
    stream_select($read, $write, $except, null);
    foreach ($read as $ready) {
        foreach ($servers as [$kind, $socket]) {
            if ($socket === $ready) {
                $open[] = ['kind' => $kind, 'socket' => stream_socket_accept($socket), 'buffer' => ''];
                continue 2;
            }
        }
        foreach ($open as $id => &$one) {
            if ($one['socket'] !== $ready) continue;
            $text = fread($ready, 65536);
            $one['buffer'] .= $text;
            $answer = $one['kind'] === 'http' ? http($one['buffer']) : fastcgi($one['buffer']);
            if ($answer !== null) fwrite($ready, $answer);
            if ($answer !== null || $text === '' || $text === false) {
                fclose($ready);
                unset($open[$id]);
            }
        }
        unset($one);
    }
}

function http(string $request): ?string
{
    if (!str_contains($request, "\r\n\r\n")) return null;
    $body = 'backend ' . explode(' ', $request)[1] . "\n";
    return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " . strlen($body) . "\r\n\r\n$body";
}

/** Records of version 1: eight bytes of head, the content, padding. The request ends with an empty record of its input. */
function fastcgi(string $bytes): ?string
{
    $parameters = '';
    for ($at = 0; strlen($bytes) >= $at + 8; $at += 8 + $length + $padding) {
        ['type' => $type, 'length' => $length, 'padding' => $padding] = unpack('Cversion/Ctype/nid/nlength/Cpadding', $bytes, $at);
        if ($type === 4) $parameters .= substr($bytes, $at + 8, $length);
        if ($type !== 5 || $length !== 0) continue;
        $body = "Content-Type: text/plain\r\n\r\nphp " . parameter($parameters, 'SCRIPT_NAME') . "\n";
        return pack('CCnnCx', 1, 6, 1, strlen($body), 0) . $body . pack('CCnnCx', 1, 6, 1, 0, 0)
            . pack('CCnnCxNCx3', 1, 3, 1, 8, 0, 0, 0);
    }
    return null;
}

function parameter(string $pairs, string $wanted): string
{
    $length = function () use ($pairs, &$at): int {
        $first = ord($pairs[$at]);
        if ($first < 128) { $at++; return $first; }
        $at += 4;
        return unpack('N', $pairs, $at - 4)[1] & 0x7fffffff;
    };
    for ($at = 0; $at < strlen($pairs);) {
        [$name, $value] = [$length(), $length()];
        if (substr($pairs, $at, $name) === $wanted) return substr($pairs, $at + $name, $value);
        $at += $name + $value;
    }
    return '?';
}
