<?php
// Calls Meta with a token that Perennial keeps, and gets it again when Meta says that it is no longer valid.
//
// Usage: php client.php NAME    reads paths such as me?fields=name, one a line, and prints Meta's answers
declare(strict_types=1);

/** Status and body of a GET. */
function get(string $url, array $options): array
{
    $request = curl_init($url);
    curl_setopt_array($request, $options + [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 30]);
    $text = curl_exec($request) ?: throw new RuntimeException(curl_error($request));
    return [curl_getinfo($request, CURLINFO_RESPONSE_CODE), json_decode($text, true, 512, JSON_THROW_ON_ERROR)];
}

final class Token
{
    private string $secret;
    private int $version;

    public function __construct(private string $name)
    {
        $this->fetch();
    }

    private function fetch(): void
    {
        $socket = getenv('PERENNIAL_SOCKET') ?: '/run/perennial/perennial.sock';
        $url = 'http://localhost/v1/tokens/' . rawurlencode($this->name) . '/secret';
        [$status, $body] = get($url, [CURLOPT_UNIX_SOCKET_PATH => $socket]);
        if ($status !== 200) {
            throw new RuntimeException('Perennial: ' . $body['detail']);
        }
        [$this->secret, $this->version] = [$body['access_token'], $body['version']];
    }

    /** Meta's answer. An invalid token is fetched again, once, and only a newer version is tried. */
    public function call(string $path): array
    {
        [$answer, $version] = [$this->tryCall($path), $this->version];
        if (($answer['error']['code'] ?? 0) === 190) {
            $this->fetch();
            return $this->version === $version ? $answer : $this->tryCall($path);
        }
        return $answer;
    }

    private function tryCall(string $path): array
    {
        $graph = getenv('GRAPH_URL') ?: 'https://graph.facebook.com/v25.0';
        // In a header, because addresses end up in logs.
        return get("$graph/$path", [CURLOPT_HTTPHEADER => ["Authorization: Bearer $this->secret"]])[1];
    }
}

$token = new Token($argv[1]);
while (($line = fgets(STDIN)) !== false) {
    echo json_encode($token->call(trim($line)), JSON_UNESCAPED_SLASHES), "\n";
}
