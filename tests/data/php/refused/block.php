<?php
if (PHP_SAPI === 'cli') {
  $CONFIG = array (
    'installed' => true,
  );
}
