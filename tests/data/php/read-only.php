<?php
$CONFIG = array('config_is_read_only' => true,
                'appstoreenabled' => false,
                'installed' => true);
