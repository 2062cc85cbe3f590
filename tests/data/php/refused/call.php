<?php
$CONFIG = array_merge(['installed' => true], $defaults);
