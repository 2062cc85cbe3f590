<?php
// Judges a change of a file that sets $CONFIG, as Nextcloud reads it (lib/private/Config.php: include, then is_array($CONFIG);
// what it prints is thrown away). Before this come, by standard input as all of it does, for process lists show arguments:
//   <?php const PHASE = '...', WANTED = '...', BEFORE = '...', AFTER = '...';
// all but PHASE in hexadecimal. The one argument is the file. WANTED is JSON: {"set": {key: value}, "append": {key: [text]}}.
// Prints one line for each thing that is wrong, naming keys and lines and never a value, and `judged` at the end.
//
// PHASE siblings: prints the files that Nextcloud reads after this one, one a line.
//       keys:     prints which of WANTED's keys the file sets, and what of it speaks against them.
//       values:   prints what the file comes to, for the next phase, in hexadecimal.
//       change:   with BEFORE, what `values` printed: judges AFTER, the new content, in the file's place.
error_reporting(0);
ini_set('display_errors', '0');
$file = $argv[1];
// Nextcloud's own root and folder of configuration, which its files may name (`apps_paths`).
class OC {
    public static $SERVERROOT = '', $configDir = '';
}
OC::$SERVERROOT = dirname($file, 2);
OC::$configDir = dirname($file) . '/';

/** A file: what was printed, whether it sets $CONFIG, to what, and why it could not be read. */
function load(string $path): array {
    $read = static function () use ($path) {
        include $path;
        return $CONFIG ?? null;
    };
    $level = ob_get_level();
    ob_start();
    $failed = $config = null;
    try {
        $config = $read();
    } catch (Throwable $thrown) {
        $failed = ($thrown instanceof ParseError ? 'php cannot parse it' : 'it ends with ' . get_class($thrown))
            . ($thrown->getFile() === realpath($path) ? ', line ' . $thrown->getLine() : ', elsewhere');
    }
    $printed = '';
    while (ob_get_level() > $level) $printed = ob_get_clean() . $printed;
    return ['printed' => $printed, 'failed' => $failed, 'config' => is_array($config) ? plain($config) : null];
}

/** A value that can be compared and handed on: an object stands for its class. */
function plain($value) {
    if (is_array($value)) return array_map('plain', $value);
    return is_scalar($value) || $value === null ? $value : gettype($value) . ' ' . (is_object($value) ? get_class($value) : '');
}

/** Addresses of networks: their first and last ones, and some between. */
function addresses(array $networks): array {
    $all = [];
    foreach ($networks as $network) {
        [$first, $bits] = explode('/', $network . '/') + ['', ''];
        $packed = inet_pton($first);
        if ($packed === false) continue;
        $length = strlen($packed) * 8;
        $bits = $bits === '' ? $length : (int) $bits;
        foreach ([0.0, 0.02, 0.13, 0.26, 0.39, 0.5, 0.52, 0.65, 0.78, 0.91, 0.98, 1.0] as $part) {
            $address = $packed;
            for ($bit = $bits; $bit < $length; $bit++) {
                $part *= 2;
                $one = $part >= 1 ? 1 : 0;
                // 1.0 is all ones.
                $part = $one && $part < 2 ? $part - 1 : ($one ? 1.0 : $part);
                $mask = 1 << (7 - $bit % 8);
                $byte = ord($address[intdiv($bit, 8)]) & ~$mask | ($one ? $mask : 0);
                $address[intdiv($bit, 8)] = chr($byte);
            }
            $all[] = inet_ntop($address);
        }
    }
    return $all;
}

/** What of the other settings keeps the wanted ones from their effect behind the balancer whose addresses are trusted. */
function against(array $config, array $wanted): array {
    $told = [];
    $proxies = (array) ($wanted['append']['trusted_proxies'] ?? $wanted['set']['trusted_proxies'] ?? []);
    $overwrites = array_filter(array_keys($wanted['set']), fn($key) => str_starts_with($key, 'overwrite') && $key !== 'overwritecondaddr');
    $condition = $config['overwritecondaddr'] ?? '';
    // Request::isOverwriteCondition.
    if ($overwrites && $condition !== '') {
        $matches = fn(string $address) => is_string($condition) && preg_match('/' . $condition . '/', $address) === 1;
        $missed = array_filter(addresses($proxies), fn($address) => !$matches($address));
        if (!$proxies) $told[] = 'condition: it is not told which addresses the balancer has';
        elseif ($missed) $told[] = 'condition: it does not match all of ' . implode(', ', $proxies) . ', e.g. not ' . reset($missed);
    }
    // Request::getRemoteAddress: any of these headers counts, and a visitor can send all that the balancer does not set.
    $headers = $config['forwarded_for_headers'] ?? ['HTTP_X_FORWARDED_FOR'];
    if ($proxies && (!is_array($headers) || array_values($headers) !== ['HTTP_X_FORWARDED_FOR'])) $told[] = 'headers: it names others than `HTTP_X_FORWARDED_FOR`, or not that one';
    return $told;
}

/** In the place of PHP's own way to files: one of them has other content, all else is as it is. */
class InPlace {
    public static string $path, $content;
    public $context;
    private $handle = null, $names = null;
    private int $at = 0;

    private static function really(callable $deed) {
        stream_wrapper_restore('file');
        try {
            return $deed();
        } finally {
            stream_wrapper_unregister('file');
            stream_wrapper_register('file', self::class);
        }
    }
    private static function is(string $path): bool {
        return self::really(fn() => realpath(preg_replace('~^file://~', '', $path))) === self::$path;
    }
    public function stream_open($path, $mode, $options, &$opened): bool {
        if (self::is($path)) return true;
        $this->handle = self::really(fn() => fopen($path, $mode, (bool) ($options & STREAM_USE_PATH)));
        return $this->handle !== false;
    }
    public function stream_read($count) {
        if ($this->handle) return fread($this->handle, $count);
        $part = substr(self::$content, $this->at, $count);
        $this->at += strlen($part);
        return $part;
    }
    public function stream_eof(): bool {
        return $this->handle ? feof($this->handle) : $this->at >= strlen(self::$content);
    }
    public function stream_stat() {
        return $this->handle ? fstat($this->handle) : self::sized();
    }
    private static function sized(): array {
        $real = self::really(fn() => stat(self::$path));
        // PHP keeps the last answer by its path.
        clearstatcache();
        $size = strlen(self::$content);
        return ['size' => $size, 7 => $size] + $real;
    }
    public function stream_tell(): int {
        return $this->handle ? ftell($this->handle) : $this->at;
    }
    public function stream_seek($offset, $whence): bool {
        return $this->handle !== null && fseek($this->handle, $offset, $whence) === 0;
    }
    public function stream_set_option($option, $one, $two): bool {
        return false;
    }
    public function stream_lock($operation): bool {
        return true;
    }
    public function stream_close(): void {
        if ($this->handle) fclose($this->handle);
    }
    public function url_stat($path, $flags) {
        if (self::is($path)) return self::sized();
        return self::really(fn() => $flags & STREAM_URL_STAT_LINK ? lstat($path) : stat($path));
    }
    public function dir_opendir($path, $options): bool {
        $this->names = self::really(fn() => scandir($path));
        return $this->names !== false;
    }
    public function dir_readdir() {
        return array_shift($this->names) ?? false;
    }
    public function dir_closedir(): bool {
        return true;
    }
    public static function load(string $path, string $content): array {
        [self::$path, self::$content] = [realpath($path), $content];
        stream_wrapper_unregister('file');
        stream_wrapper_register('file', self::class);
        try {
            return load($path);
        } finally {
            stream_wrapper_restore('file');
        }
    }
}

/** A list's elements without their numbers, if it is one. */
function elements($value): ?array {
    return is_array($value) ? array_values($value) : null;
}

$wanted = json_decode(hex2bin(WANTED), true);
$ours = $wanted['set'] + $wanted['append'];
if (PHASE === 'siblings') {
    // Nextcloud reads config.php, then all *.config.php of the folder in natural order; glob leaves names with a dot in front out.
    $name = basename($file);
    $later = glob(dirname($file) . '/*.' . (str_ends_with($name, '.config.php') ? 'config.php' : $name)) ?: [];
    natsort($later);
    $later = array_values($later);
    $self = array_search($file, $later, true);
    foreach (array_slice($later, $self === false ? 0 : $self + 1) as $path) echo "$path\n";
}
if (PHASE === 'keys') {
    $found = load($file);
    if ($found['failed'] !== null) echo "failed {$found['failed']}\n";
    foreach (array_keys(array_intersect_key($ours, $found['config'] ?? [])) as $key) echo "sets $key\n";
    foreach (against($found['config'] ?? [], $wanted) as $told) echo "against $told\n";
}
if (PHASE === 'values') {
    echo bin2hex(serialize(load($file)));
    exit;
}
if (PHASE === 'change') {
    $was = unserialize(hex2bin(BEFORE), ['allowed_classes' => false]);
    $is = InPlace::load($file, hex2bin(AFTER));
    $before = $was['config'];
    $after = $is['config'];
    foreach (['was' => $was, 'is to be' => $is] as $when => $one) {
        if ($one['failed'] !== null) echo "the file as it $when: {$one['failed']}\n";
        elseif ($one['config'] === null) echo "the file as it $when sets no array \$CONFIG\n";
    }
    if ($before !== null && $after !== null) {
        if ($was['printed'] !== $is['printed']) echo "the file would print something else than it does\n";
        foreach (array_keys($before + $after) as $key) {
            if (array_key_exists($key, $ours)) continue;
            $same = array_key_exists($key, $before) && array_key_exists($key, $after) && serialize($before[$key]) === serialize($after[$key]);
            if (!$same) echo "`$key` would change too\n";
        }
        foreach ($wanted['set'] as $key => $value) {
            if (!array_key_exists($key, $after) || $after[$key] !== $value) echo "`$key` would not have the value asked for\n";
        }
        foreach ($wanted['append'] as $key => $texts) {
            $old = elements($before[$key] ?? []);
            $new = elements($after[$key] ?? null);
            if ($old === null || $new === null || array_slice($new, 0, count($old)) !== $old) echo "`$key` would lose what it holds\n";
            elseif (array_diff($texts, $new)) echo "`$key` would not hold all that is asked for\n";
            elseif (array_diff($new, $old, $texts)) echo "`$key` would hold more than is asked for\n";
        }
        foreach (against($after, $wanted) as $told) echo "against $told\n";
    }
}
echo "judged\n";
