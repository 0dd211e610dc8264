package leaks

func quiet() {}

func start() {
	go quiet() // want "no TestMain"
	go quiet()
}
